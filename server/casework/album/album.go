// Package album is the files of a case as they are shown: to whoever sees the case as a whole all of them, with which of the
// pictures the public sees, and to the public those alone.
package album

import (
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/casework/dossier"
)

// File is a picture or a sound.
type File struct {
	Hash  string    `json:"hash"`
	Type  string    `json:"type"`
	Size  int64     `json:"size"`
	Taken time.Time `json:"taken,omitzero"`
	Note  string    `json:"note,omitempty"`
	// Public says that the public sees the picture.
	Public bool `json:"public,omitempty"`
}

// Photos are the pictures of a case.
type Photos struct {
	Before []File `json:"before"`
	After  []File `json:"after"`
}

// Whole are all pictures of a case.
func Whole(d *dossier.Dossier) Photos { return Photos{all(d, d.Before), all(d, d.After)} }

// Sounds are the sounds of a case.
func Sounds(d *dossier.Dossier) []File { return all(d, d.Voice) }

func all(d *dossier.Dossier, files []cases.File) []File {
	out := []File{}
	for _, f := range files {
		out = append(out, File{f.Hash, f.Type, f.Size, f.Taken, f.Note, d.Case.Shows(f.Hash)})
	}
	return out
}

// Public are the pictures of a case that the public sees, each once, without the notes of who sent them.
func Public(d *dossier.Dossier) Photos { return Photos{released(d, d.Before), released(d, d.After)} }

func released(d *dossier.Dossier, files []cases.File) []File {
	out, known := []File{}, map[string]bool{}
	for _, f := range files {
		if d.Case.Shows(f.Hash) && !known[f.Hash] {
			known[f.Hash] = true
			out = append(out, File{Hash: f.Hash, Type: f.Type, Size: f.Size, Public: true})
		}
	}
	return out
}
