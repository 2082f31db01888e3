package shapefile

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// extensions are those of the parts that [Read] looks at.
var extensions = []string{".shp", ".shx", ".dbf", ".prj", ".cpg"}

// Part is the extension of a file that is a part of a shapefile, in small letters. It reports false for another file.
func Part(name string) (extension string, ok bool) {
	extension = strings.ToLower(filepath.Ext(name))
	return extension, slices.Contains(extensions, extension)
}

func stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// Beside reports whether a file is a part of a shapefile whose .shp is among the files, as when a shell has expanded
// lamps.*.
func Beside(name string, files []string) bool {
	extension, ok := Part(name)
	return ok && extension != ".shp" && slices.ContainsFunc(files, func(f string) bool {
		e, _ := Part(f)
		return e == ".shp" && stem(f) == stem(name)
	})
}

// OpenParts opens a .shp and the parts that lie beside it, whatever the case of their extensions, as one archive. size
// is theirs. Closing the archive ends the goroutine that packs it.
func OpenParts(name string) (archive io.ReadCloser, size int64, err error) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, 0, err
	}
	var parts []*os.File
	for _, entry := range entries {
		path := filepath.Join(filepath.Dir(name), entry.Name())
		if _, ok := Part(path); !ok || stem(path) != stem(filepath.Clean(name)) {
			continue
		}
		part, err := os.Open(path)
		if err != nil {
			closeAll(parts)
			return nil, 0, err
		}
		parts = append(parts, part)
		if info, err := part.Stat(); err == nil {
			size += info.Size()
		}
	}
	if len(parts) == 0 {
		return nil, 0, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	body, w := io.Pipe()
	go func() {
		w.CloseWithError(pack(w, parts))
		closeAll(parts)
	}()
	return body, size, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// pack writes files into an archive as they are.
func pack(w io.Writer, files []*os.File) error {
	out := zip.NewWriter(w)
	for _, f := range files {
		member, err := out.CreateHeader(&zip.FileHeader{Name: filepath.Base(f.Name()), Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := io.Copy(member, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return out.Close()
}
