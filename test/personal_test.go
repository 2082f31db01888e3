package test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// persons is a sensitive layer.
var persons = object{
	"name": "persons", "geometry": "none", "id": object{"generate": "ulid"},
	"sensitive": object{
		"subject": "person", "purpose": "meals at home", "basis": "written consent", "owner": "street-1", "expiry": "P2Y", "readers": []string{"meals"},
	},
	"attributes": []object{{"name": "name", "type": "text", "personal": true}, {"name": "need", "type": "text"}},
}

// filesHold says in which files under dir a text stands.
func filesHold(t *testing.T, dir, text string) (where []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			where = append(where, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// TestErasureSurvivesKill erases persons while the process is killed, at several moments: each is either whole or gone,
// never readable without being there; what was broken off is completed; and no file, not even a backup made before, holds a
// name. Who was not erased stays readable, also after the backup is put in place of the city.
func TestErasureSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills servers")
	}
	root := t.TempDir()
	dir, backup := filepath.Join(root, "city"), filepath.Join(root, "backup.db")
	s := serve(t, dir)
	s.call("POST", "/v1/layers", persons, nil)
	const people = 60
	name := func(i int) string { return fmt.Sprintf("秘密姓名%03d号", i) }
	path := func(i int) string { return fmt.Sprintf("/v1/layers/persons/features/p%03d", i) }
	for i := range people {
		id := fmt.Sprintf("p%03d", i)
		s.call("PUT", path(i), object{"type": "Feature", "id": id, "geometry": nil, "properties": object{"name": name(i), "need": "meal"}}, nil)
	}
	mustRun(t, "backup", "--data", dir, backup)
	full := func(i int) (readable, there bool) {
		resp, raw := s.try("GET", path(i)+"?full=true&reason=test+of+erasure", nil)
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
			t.Fatalf("%s: %s %s", path(i), resp.Status, raw)
		}
		return bytes.Contains(raw, []byte(name(i))), resp.StatusCode == http.StatusOK
	}
	var asked atomic.Int64
	var told [people]atomic.Bool // the answer said that it is done
	for round := range 4 {
		base, stop := s.url, make(chan struct{})
		first := int(asked.Load())
		go func() {
			defer close(stop)
			for i := first; i < people/2; i++ {
				asked.Store(int64(i + 1))
				if resp, _, err := request(base, "POST", path(i)+"/erase?reason=asked+to+be+forgotten", nil); err != nil || resp.StatusCode != http.StatusOK {
					return
				}
				told[i].Store(true)
			}
		}()
		time.Sleep(time.Duration(20+30*round) * time.Millisecond)
		s.kill()
		<-stop
		s = serve(t, dir)
		for i := range people {
			readable, there := full(i)
			if readable != there {
				t.Fatalf("person %d is there %v and readable %v", i, there, readable)
			}
			if told[i].Load() && there {
				t.Errorf("person %d was erased and is there", i)
			}
			if i >= int(asked.Load()) && !there {
				t.Errorf("person %d is gone, and nobody asked for it", i)
			}
		}
	}
	for i := range people / 2 {
		s.call("POST", path(i)+"/erase?reason=asked+to+be+forgotten", nil, nil)
	}
	var due struct{ Due []object }
	if s.call("GET", "/v1/personal/expired", nil, &due); len(due.Due) != 0 {
		t.Errorf("left to erase: %v", due.Due)
	}
	s.stop()
	if out, ok := run(t, nil, "check", "--data", dir); !ok {
		t.Errorf("check: %s", out)
	}
	for i := range people {
		if where := filesHold(t, root, name(i)); len(where) > 0 {
			t.Errorf("%s stands in %v", name(i), where)
		}
	}
	// The backup has them, sealed; the keys of half of them are gone.
	if err := os.Remove(filepath.Join(dir, "gewu.db")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "restore", "--data", dir, backup)
	s = serve(t, dir)
	for i := range people {
		if readable, there := full(i); readable != there || there != (i >= people/2) {
			t.Errorf("after restore person %d is there %v and readable %v", i, there, readable)
		}
	}
	s.call("POST", "/v1/personal/expired", nil, nil)
	s.stop()
	// Another master key opens the same.
	next := filepath.Join(root, "next.key")
	if err := os.WriteFile(next, []byte(strings.Repeat("5a", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "people", "rotate", "--data", dir, "--to", next)
	if out, ok := run(t, nil, "check", "--data", dir); ok {
		t.Errorf("the old master key still opens: %s", out)
	}
	s = serve(t, dir, "--master-key", next)
	if readable, _ := full(people - 1); !readable {
		t.Error("nothing can be read after the rotation")
	}
	s.stop()
	// Without the file of keys the city is there, and check says what is lost.
	if err := os.Rename(filepath.Join(dir, "keys.db"), filepath.Join(root, "away.db")); err != nil {
		t.Fatal(err)
	}
	if out, ok := run(t, nil, "check", "--data", dir, "--master-key", next); ok || !strings.Contains(out, "no key") {
		t.Errorf("check without keys: %s", out)
	}
}

// TestOldKeys puts a copy of keys.db from before an erasure beside the newer log, and beside a backup of it: who was erased
// stays erased, everybody else can be read, and check says what is the matter while no server has been started.
func TestOldKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills servers")
	}
	root := t.TempDir()
	dir, backup := filepath.Join(root, "city"), filepath.Join(root, "backup.db")
	keys, old := filepath.Join(dir, "keys.db"), filepath.Join(root, "keys.old")
	path := func(id string) string { return "/v1/layers/persons/features/" + id }
	copyFile := func(from, to string) {
		t.Helper()
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, dir)
	s.call("POST", "/v1/layers", persons, nil)
	put := func(id, name string) {
		s.call("PUT", path(id), object{"type": "Feature", "id": id, "geometry": nil, "properties": object{"name": name, "need": "meal"}}, nil)
	}
	for _, id := range []string{"erased", "returned", "kept"} {
		put(id, "姓名"+id)
	}
	var was struct{ Seq int }
	s.call("GET", path("kept"), nil, &was)
	s.stop()
	copyFile(keys, old)
	s = serve(t, dir)
	for _, id := range []string{"erased", "returned"} {
		s.call("POST", path(id)+"/erase?reason=asked+to+be+forgotten", nil, nil)
	}
	put("returned", "新来")
	mustRun(t, "backup", "--data", dir, backup)
	s.kill()

	judge := func(when string) {
		t.Helper()
		for _, at := range []string{"erased", "returned", "kept"} {
			if resp, raw := s.try("GET", path(at)+fmt.Sprintf("?as_of=%d&full=true&reason=test+of+erasure", was.Seq), nil); bytes.Contains(raw, []byte("姓名"+at)) != (at == "kept") {
				t.Errorf("%s: %s as it was: %s %s", when, at, resp.Status, raw)
			}
		}
		if resp, raw := s.try("GET", path("erased"), nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", when, resp.Status, raw)
		}
	}
	copyFile(old, keys)
	if out, ok := run(t, nil, "check", "--data", dir); ok || !strings.Contains(out, "holds keys of persons who were erased since: 2") {
		t.Errorf("check beside an old file of keys: %s", out)
	}
	s = serve(t, dir)
	judge("old keys")
	s.kill()
	if out, _ := run(t, nil, "check", "--data", dir); strings.Contains(out, "keys of persons who were erased") {
		t.Errorf("check after a start: %s", out)
	}
	if err := os.Remove(filepath.Join(dir, "gewu.db")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "restore", "--data", dir, backup)
	copyFile(old, keys)
	s = serve(t, dir)
	judge("old keys beside a backup")
	s.stop()
	s = serve(t, dir)
	var swept struct{ Erased []object }
	if s.call("POST", "/v1/personal/expired", nil, &swept); len(swept.Erased) != 0 {
		t.Errorf("the sweep ends who came back: %v", swept.Erased)
	}
	s.stop()
	// The newer file of keys, which knows of the second name, was lost with the copy: that is told.
	if out, ok := run(t, nil, "check", "--data", dir); ok || !strings.Contains(out, "persons/returned: has personal values and no key") {
		t.Errorf("check: %s", out)
	}
}
