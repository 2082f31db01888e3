package convert

import (
	"bufio"
	"context"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/gpx"
	"github.com/gewu-city/gewu/data/convert/kml"
	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/shapefile"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/topojson"
)

func readTopoJSON(b *builder, file *bufio.Reader) error {
	in, err := b.text(file)
	if err != nil {
		return err
	}
	return topojson.Read(in, b.Table, &intake{builder: b})
}

// readKML reads KML, and KMZ whatever it is called.
func readKML(b *builder, in *bufio.Reader) error {
	if head, _ := in.Peek(2); string(head) == "PK" {
		return spooled(kml.ReadArchive, false)(b, in)
	}
	return kml.Read(in, b.rowOptions(), &intake{builder: b})
}

func readGPX(b *builder, in *bufio.Reader) error {
	return gpx.Read(in, b.rowOptions(), &intake{builder: b})
}

func readOSM(b *builder, in *bufio.Reader) error {
	read := func(ctx context.Context, file *spool.File, o row.Options, out row.Sink) error {
		return osm.Read(ctx, file, b.Mapping, o, out)
	}
	return spooled(read, false)(b, in)
}

// spooled reads a format that needs random access.
func spooled(read func(context.Context, *spool.File, row.Options, row.Sink) error, named bool) func(*builder, *bufio.Reader) error {
	return func(b *builder, in *bufio.Reader) error {
		file, err := spool.Copy(in, named, 0)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // a temporary file that was only read
		return read(b.ctx, file, b.rowOptions(), &intake{builder: b})
	}
}

// rowOptions are the options as decoders know them.
func (b *builder) rowOptions() row.Options {
	return row.Options{Table: b.Table, Encoding: b.Encoding, CRS: b.CRS, Kind: kindOf(b.Layer.Geometry)}
}

// readShapefile knows the names that the layer's attributes get in a shapefile, so that what was written is found again.
func readShapefile(b *builder, in *bufio.Reader) error {
	b.columns.cut = map[string]int{}
	names := b.Layer.AttributeNames()
	for _, e := range []charset.Encoding{b.Encoding, charset.UTF8} {
		for i, cut := range shapefile.FieldNames(append([]string{idName(b.Layer)}, names...), e)[1:] {
			b.columns.cut[data.FoldName(cut)] = b.Layer.AttributeIndex(names[i])
		}
	}
	return spooled(shapefile.Read, false)(b, in)
}
