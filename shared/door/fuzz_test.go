package door_test

import (
	"crypto/rand"
	"testing"

	"innerdoor.example/shared/door"
	"innerdoor.example/shared/web"
)

// Whatever text is given as a cursor, it is the one that this list gave, or it is refused as the client's mistake.
func FuzzCursor(f *testing.F) {
	p := holding(f)
	key := make([]byte, 32)
	rand.Read(key) // of this process alone: a fuzzing one finds what another has sealed
	var err error
	if p.service.Cursors, err = door.NewCursors(key); err != nil {
		f.Fatal(err)
	}
	bob, ask := as(f, "bob"), door.Query[letter]{Limit: 1}
	first, err := p.letters.List(f.Context(), bob, "letters:read", ask)
	if err != nil || first.Next == "" {
		f.Fatal(first, err)
	}
	for _, cursor := range []string{"A", "l-west", "=", first.Next[1:], first.Next + "=", first.Next + "A", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\n" + first.Next} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		q := ask
		q.Cursor = cursor
		got, err := p.letters.List(t.Context(), bob, "letters:read", q)
		switch {
		case cursor == "" || cursor == first.Next:
			if err != nil {
				t.Fatal(err)
			}
		case err == nil:
			t.Fatalf("%q leads to %q", cursor, ids(got))
		default:
			refused(t, err, web.Malformed)
		}
	})
}
