package test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	codeBlock  = regexp.MustCompile("(?ms)^ *```.*?^ *```|`[^`\n]*`")
	linkTarget = regexp.MustCompile(`\]\(([^()\s]+)\)|(?m)^\[[^\]]+\]: (\S+)`)
	heading    = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

// TestLinks: each relative link of a Markdown file leads to a file that is there, and to a heading of it when it names
// one.
func TestLinks(t *testing.T) {
	links := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || len(name) > 2 && name[0] == '.') {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, target := range relativeLinks(string(text)) {
			links++
			if wrong := follow(path, target); wrong != "" {
				t.Errorf("%s: the link %s %s", path, target, wrong)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}

func relativeLinks(text string) (targets []string) {
	for _, m := range linkTarget.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		if target := m[1] + m[2]; !strings.Contains(target, ":") {
			targets = append(targets, target)
		}
	}
	return targets
}

// follow says what is wrong with a link in the file from.
func follow(from, target string) string {
	name, fragment, _ := strings.Cut(target, "#")
	name, err := url.PathUnescape(name)
	if err != nil {
		return "is no path"
	}
	path := filepath.Join(filepath.Dir(from), filepath.FromSlash(name))
	if name == "" {
		path = from
	}
	if strings.HasPrefix(name, "/") {
		return "is not relative"
	}
	if _, err := os.Stat(path); err != nil {
		return "leads nowhere"
	}
	if fragment == "" || filepath.Ext(path) != ".md" {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		if anchor(m[1]) == fragment {
			return ""
		}
	}
	return "names no heading of " + path
}

// anchor is the name that pages on GitHub give to a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, strings.TrimSpace(heading))
}

func TestLinksAreJudged(t *testing.T) {
	from := "../docs/manual/README.md"
	for target, want := range map[string]string{
		"layers.md": "", "../../README.md#limits": "", "osm": "", "#manual": "",
		"no.md": "leads nowhere", "/README.md": "is not relative", "layers.md#no": "names no heading of ../docs/manual/layers.md",
	} {
		if got := follow(from, target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
	text := "[a](b.md) [c]: x\n![d](e.png)\n[f]: g.md#h\n`[no](no)`\n```\n[no](no)\n```\n[web](https://example.org/x)\n"
	if got := strings.Join(relativeLinks(text), " "); got != "b.md e.png g.md#h" {
		t.Errorf("links %s", got)
	}
}
