package media

import (
	"image"
	"image/color"
	"image/draw"
)

// shrink makes a picture whose sides are at most side pixels, each pixel the mean of those that it stands for, on white
// where it was transparent. A picture that is small enough keeps its size. Beside the result it takes a few rows of memory.
func shrink(img image.Image, side int) *image.RGBA {
	from := img.Bounds()
	width, height := from.Dx(), from.Dy()
	if long := max(width, height); long > side {
		width, height = max(1, (width*side+long/2)/long), max(1, (height*side+long/2)/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	row := image.NewRGBA(image.Rect(0, 0, from.Dx(), 1))
	white := image.NewUniform(color.White)
	sums := make([]float32, 3*width)
	across, down := shares(from.Dx(), width), shares(from.Dy(), height)
	for y, part := range down {
		draw.Draw(row, row.Rect, white, image.Point{}, draw.Src)
		draw.Draw(row, row.Rect, img, image.Pt(from.Min.X, from.Min.Y+y), draw.Over)
		across.add(sums, row.Pix, part.first)
		if part.rest == 0 && y+1 < len(down) && down[y+1].to == part.to {
			continue
		}
		settle(out.Pix[part.to*out.Stride:], sums)
		clear(sums)
		if part.rest > 0 {
			across.add(sums, row.Pix, part.rest)
		}
	}
	return out
}

// share says to which pixel of the result one of the source goes, and how much of it; the rest goes to the next.
type share struct {
	to          int
	first, rest float32
}

type spread []share

// shares spreads from pixels over to; what each of those gets adds up to 1.
func shares(from, to int) spread {
	list := make(spread, from)
	scale := float64(to) / float64(from)
	for x := range list {
		start, end := float64(x)*scale, float64(x+1)*scale
		at := min(int(start), to-1)
		s := share{to: at, first: float32(end - start)}
		if edge := float64(at + 1); end > edge && at+1 < to {
			s.first, s.rest = float32(edge-start), float32(end-edge)
		}
		list[x] = s
	}
	return list
}

// add adds a row of RGBA pixels with a weight.
func (s spread) add(sums []float32, pix []byte, weight float32) {
	for x := range s {
		one := &s[x]
		p := pix[4*x : 4*x+3 : 4*x+3]
		r, g, b := float32(p[0])*weight, float32(p[1])*weight, float32(p[2])*weight
		to := sums[3*one.to:]
		to[0] += r * one.first
		to[1] += g * one.first
		to[2] += b * one.first
		if one.rest > 0 {
			to[3] += r * one.rest
			to[4] += g * one.rest
			to[5] += b * one.rest
		}
	}
}

// settle writes sums as pixels.
func settle(pix []byte, sums []float32) {
	for x := range len(sums) / 3 {
		for c := range 3 {
			pix[4*x+c] = byte(min(sums[3*x+c]+0.5, 255))
		}
		pix[4*x+3] = 255
	}
}

// turn applies the orientation that a camera noted: how the picture is to be turned or mirrored to stand upright.
func turn(img *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	// Where the pixel x, y of the upright picture is in the stored one: 5 to 8 have rows and columns exchanged.
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	source := [9]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}[orientation]
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := source(x, y)
			copy(out.Pix[y*out.Stride+4*x:][:4], img.Pix[sy*img.Stride+4*sx:][:4])
		}
	}
	return out
}
