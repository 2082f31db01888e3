// Package convert reads features from files and writes them back, in the [Formats]. The formats themselves are packages
// below it that turn bytes into rows and know no layer; here rows become features of one, and features rows. The two JSON
// formats are read here, because what makes them fast is knowing the attributes.
//
// Import and export stream: memory does not grow with the size of a file, except where a format must be seen as a whole,
// which is then bounded; see docs/manual/formats.md.
//
// Reading tells two kinds of failure apart. A row that does not fit yields a [Row] with Err, which names file, row,
// field and value, and the rest goes on; a file that cannot be read at all ends the sequence with an error.
//
// Empty text is null in every format, so that a value means the same whichever file it came from. CSV cells are
// written as they are: a spreadsheet that runs cells starting with = is the reader's risk, since changing them would
// change the data.
//
// The package knows no clock and starts no goroutines of its own. Functions are safe for concurrent use; readers and
// writers belong to one goroutine.
package convert
