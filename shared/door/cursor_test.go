package door_test

import (
	"os"
	"path/filepath"
	"testing"

	"innerdoor.example/shared/door"
	"innerdoor.example/shared/web"
)

func TestTheKeyOfCursorsIsMadeOnceAndKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cursor.key")
	first, err := door.LoadCursors(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
	again, err := door.LoadCursors(file)
	if err != nil {
		t.Fatal(err)
	}
	other, err := door.LoadCursors(filepath.Join(t.TempDir(), "cursor.key"))
	if err != nil {
		t.Fatal(err)
	}
	p := holding(t)
	p.service.Cursors = first
	page, err := p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	p.service.Cursors = other
	_, err = p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Cursor: page.Next})
	refused(t, err, web.Malformed)
	p.service.Cursors = again
	if _, err = p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Cursor: page.Next}); err != nil {
		t.Error(err)
	}
}

func TestAKeyOfAnotherSizeIsRefused(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := door.NewCursors(make([]byte, size)); err == nil {
			t.Errorf("a key of %d bytes is accepted", size)
		}
	}
	file := filepath.Join(t.TempDir(), "cursor.key")
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := door.LoadCursors(file); err == nil {
		t.Error("a short key is loaded")
	}
}
