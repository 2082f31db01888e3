package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// PaceMain is [Pace] as a process: its arguments are an address, a rate per second, a time and a JSON file of paths; it
// prints the p99 and the p50 in milliseconds.
func PaceMain(args []string) error {
	if len(args) != 4 {
		return errors.New("pace needs an address, a rate, a time and a file of paths")
	}
	perSecond, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	f, err := os.Open(args[3])
	if err != nil {
		return err
	}
	var paths []string
	if err := errors.Join(json.NewDecoder(bufio.NewReader(f)).Decode(&paths), f.Close()); err != nil {
		return err
	}
	t, err := Pace(context.Background(), args[0], perSecond, d, func(i int) []byte { return Get(paths[i%len(paths)]) })
	if err != nil {
		return err
	}
	_, err = fmt.Println(t.Percentile(0.99), t.Percentile(0.5))
	return err
}
