package adapters

import (
	"errors"
	"testing"
)

// TestPublicOnly sees that no way of writing an address of this machine or of a private network passes, and that those of the
// Internet do, also where they are carried.
func TestPublicOnly(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1::1]:443": true, "[64:ff9b::5db8:d822]:443": true, "[2002:5db8:d822::1]:443": true, "[::ffff:93.184.216.34]:443": true,
		"127.0.0.1:80": false, "10.0.0.1:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false, "0.1.2.3:80": false,
		"198.18.0.1:80": false, "240.0.0.1:80": false, "255.255.255.255:80": false, "224.0.0.1:80": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1%eth0]:80": false, "[fd00::1]:80": false, "[fec0::1]:80": false, "[::ffff:127.0.0.1]:80": false, "[::7f00:1]:80": false,
		"[64:ff9b::7f00:1]:80": false, "[64:ff9b::a00:1]:80": false, "[64:ff9b::a9fe:a9fe]:80": false, "[64:ff9b:1::5db8:d822]:80": false, "[64:ff9b::6440:1]:80": false,
		"[2002:7f00:1::]:80": false, "[2002:a00:1::1]:80": false, "[2002:c0a8:101::1]:80": false, "[2001:0:1:2:3:4:5:6]:80": false,
	} {
		err := publicOnly("tcp", address, nil)
		if (err == nil) != public || err != nil && !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := publicOnly("tcp", "nowhere", nil); err == nil {
		t.Error("what is no address passes")
	}
}
