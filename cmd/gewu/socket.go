package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// socketPathLimit is the longest path that sun_path takes on Linux, less its final NUL.
const socketPathLimit = 107

// socketPath is where the server of a data folder listens for commands: DIR/gewu.sock, or, when that is longer than
// the system allows, a name in the temporary folder that follows from DIR.
func socketPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(abs, "gewu.sock")
	if len(path) <= socketPathLimit {
		return path, nil
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), "gewu-"+hex.EncodeToString(sum[:8])+".sock"), nil
}

// listenSocket listens for commands. The caller holds the store, so a socket file that is there is a left-over of a
// killed server.
func listenSocket(ctx context.Context, dir string) (net.Listener, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("remove old control socket: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	// Who may open the socket may write: only the owner.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("protect control socket: %w", err)
	}
	return l, nil
}

// socketClient is an HTTP client whose every connection goes to the control socket of dir.
func socketClient(dir string) (*http.Client, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
	}}, nil
}

// alive reports whether a server answers on the control socket of dir.
func alive(ctx context.Context, dir string) bool {
	c, err := socketClient(dir)
	if err != nil {
		return false
	}
	defer c.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gewu/healthz", nil)
	if err != nil {
		return false
	}
	resp, err := c.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
