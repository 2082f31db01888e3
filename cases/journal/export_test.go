package journal_test

import (
	"io"
	"log/slog"
	"reflect"
)

func exportAll(reflect.Type) bool { return true }

func logger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
