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

// socketName is what the socket of a server is called in its data folder. Commands look for it.
const socketName = "gewu.sock"

// socketPath is where a server of a data folder listens: a file in the folder, or, when that is longer than the
// system allows, a name in the temporary folder that follows from both.
func socketPath(dir, name string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(abs, name)
	if len(path) <= socketPathLimit {
		return path, nil
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(os.TempDir(), "gewu-"+hex.EncodeToString(sum[:8])+".sock"), nil
}

// listenSocket listens for commands. The caller holds the store, so a socket file that is there is a left-over of a
// killed server.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
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

// socketClient is an HTTP client whose every connection goes to a socket.
func socketClient(path string) *http.Client {
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
	}}
}

// serverClient is an HTTP client for the server of a data folder.
func serverClient(dir string) (*http.Client, error) {
	path, err := socketPath(dir, socketName)
	if err != nil {
		return nil, err
	}
	return socketClient(path), nil
}

// alive reports whether a server answers on the control socket of dir.
func alive(ctx context.Context, dir string) bool {
	c, err := serverClient(dir)
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
