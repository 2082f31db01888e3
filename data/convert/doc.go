// Package convert reads features from files and writes them back: CSV, GeoJSON and GeoJSON text sequences, one file
// of code per format. Import and export stream: memory does not grow with the size of a file.
//
// Reading tells two kinds of failure apart. A row that does not fit yields a [Row] with Err, which names file, row,
// field and value, and the rest goes on; a file that cannot be read at all ends the sequence with an error.
//
// Empty text is null in every format, so that a value means the same whichever file it came from. CSV cells are
// written as they are: a spreadsheet that runs cells starting with = is the reader's risk, since changing them would
// change the data.
//
// The package starts no goroutines and knows no clock. Functions are safe for concurrent use; readers and writers
// belong to one goroutine.
package convert
