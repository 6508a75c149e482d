package web_test

import (
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/web"
)

type contact struct {
	Name string `json:"name"`
}

type parcel struct {
	ID      string   `json:"id"`
	Amount  int64    `json:"amount"`
	Open    bool     `json:"open"`
	Contact *contact `json:"contact,omitzero"`
}

// chunksOf gives each item in a chunk of its own, and then the error, if there is one.
func chunksOf[V any](err error, items ...V) iter.Seq2[[]V, error] {
	return func(yield func([]V, error) bool) {
		for _, item := range items {
			if !yield([]V{item}, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func whole(p parcel) (any, error) { return p, nil }

// get asks a server that answers with the reply; err is what reading to the end says.
func get(t *testing.T, h http.HandlerFunc) (answer *http.Response, body string, err error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	answer, err = server.Client().Get(server.URL)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	return answer, string(all), err
}

func TestAStreamThatBreaksOffIsNoticedAndAWholeOneIsNot(t *testing.T) {
	one, two := parcel{ID: "p-1"}, parcel{ID: "p-2", Contact: &contact{"alice"}}
	for name, reply := range map[string]func(error) web.Reply{
		"ndjson": func(err error) web.Reply { return web.NDJSON(chunksOf(err, one, two), whole) },
		"csv":    func(err error) web.Reply { return web.CSV(chunksOf(err, one, two), whole, "id", "contact.name") },
	} {
		_, body, err := get(t, func(w http.ResponseWriter, r *http.Request) {
			web.Write(w, r, reply(errors.New("the disk is full")), nil)
		})
		if err == nil || !strings.Contains(body, "p-2") {
			t.Errorf("%s: it breaks off after %q, and that is read to the end: %v", name, body, err)
		}
		answer, body, err := get(t, func(w http.ResponseWriter, r *http.Request) { web.Write(w, r, reply(nil), nil) })
		if err != nil || answer.StatusCode != 200 || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v, %+v", name, err, answer)
		}
		want := map[string]string{
			"ndjson": `{"id":"p-1","amount":0,"open":false}` + "\n" + `{"id":"p-2","amount":0,"open":false,"contact":{"name":"alice"}}` + "\n",
			"csv":    "id,contact.name\r\np-1,\r\np-2,alice\r\n",
		}[name]
		if body != want {
			t.Errorf("%s: %q, not %q", name, body, want)
		}
	}
}

func TestAnErrorBeforeTheFirstChunkIsAnAnswerOfItsOwn(t *testing.T) {
	for name, reply := range map[string]web.Reply{
		"the rows fail": web.NDJSON(chunksOf[parcel](&web.Error{Kind: web.Forbidden, Decision: "d-1"}), whole),
		"their view fails": web.CSV(chunksOf(nil, parcel{}), func(parcel) (any, error) {
			return nil, &web.Error{Kind: web.Forbidden, Decision: "d-1"}
		}, "id"),
	} {
		answer, body, err := get(t, func(w http.ResponseWriter, r *http.Request) { web.Write(w, r, reply, nil) })
		if err != nil || answer.StatusCode != 403 || answer.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "d-1") {
			t.Errorf("%s: %v, %+v, %s", name, err, answer, body)
		}
	}
}

func TestAnEmptyStreamIsAWholeAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		reply web.Reply
		want  string
	}{
		"no chunk":                {web.NDJSON(chunksOf[parcel](nil), whole), ""},
		"a chunk without rows":    {web.CSV(func(yield func([]parcel, error) bool) { yield(nil, nil) }, whole, "id", "open"), "id,open\r\n"},
		"a status without chunks": {web.Reply{Status: 202, Stream: chunksOf[byte](nil)}, ""},
	} {
		answer, body, err := get(t, func(w http.ResponseWriter, r *http.Request) { web.Write(w, r, c.reply, nil) })
		if err != nil || answer.StatusCode/100 != 2 || body != c.want {
			t.Errorf("%s: %v, %d %q", name, err, answer.StatusCode, body)
		}
	}
}

func TestEachChunkLeavesWhenItIsThere(t *testing.T) {
	goOn := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Write(w, r, web.NDJSON(func(yield func([]parcel, error) bool) {
			if yield([]parcel{{ID: "p-1"}}, nil) {
				<-goOn
				yield([]parcel{{ID: "p-2"}}, nil)
			}
		}, whole), nil)
	}))
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first := make([]byte, 13)
	if _, err := io.ReadFull(answer.Body, first); err != nil || !strings.Contains(string(first), "p-1") {
		t.Errorf("%q, %v", first, err)
	}
	close(goOn)
	if rest, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(rest), "p-2") {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestAStreamMayTakeLongerThanAnAnswerMayInOnePiece(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Write(w, r, web.NDJSON(func(yield func([]parcel, error) bool) {
			for range 3 {
				time.Sleep(100 * time.Millisecond)
				if !yield([]parcel{{ID: "p"}}, nil) {
					return
				}
			}
		}, whole), nil)
	}))
	server.Config.WriteTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || strings.Count(string(body), "\n") != 3 {
		t.Errorf("%q, %v", body, err)
	}
}

func TestNoCellOfATableIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1+1": "'+1+1", "-1+1": "'-1+1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "\t'=1", "\r=1": "\r'=1", "\n=1": "\n'=1",
		"＝1+1": "'＝1+1", " =1": "' =1", "-": "'-", "-12.50": "-12.50", "12": "12", "": "", "a=1": "a=1", "a,\"=1": "a,\"=1", "'": "'",
		"a;=1": "a;'=1", "a;b; @SUM(A1);-2": "a;b;' @SUM(A1);'-2", "a\t+1": "a\t'+1", "a\n=1\n\n=2": "a\n'=1\n\n'=2", "a; b - c": "a; b - c",
	} {
		_, body, err := get(t, func(w http.ResponseWriter, r *http.Request) {
			web.Write(w, r, web.CSV(chunksOf(nil, parcel{ID: text}), whole, "id", "amount"), nil)
		})
		rows, bad := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || bad != nil || len(rows) != 2 {
			t.Fatalf("%q: %v, %v, %q", text, err, bad, body)
		}
		if got := rows[1][0]; strings.ReplaceAll(got, "\r", "") != strings.ReplaceAll(want, "\r", "") || rows[1][1] != "0" {
			t.Errorf("%q stands there as %q, not %q", text, got, want)
		}
	}
}

func TestATableShowsNothingThatTheViewHides(t *testing.T) {
	hiding := func(p parcel) (any, error) {
		return struct {
			ID string `json:"id"`
		}{p.ID}, nil
	}
	_, body, err := get(t, func(w http.ResponseWriter, r *http.Request) {
		web.Write(w, r, web.CSV(chunksOf(nil, parcel{ID: "p-1", Amount: 5, Contact: &contact{"SECRET"}}), hiding, "id", "amount", "open", "contact.name"), nil)
	})
	if err != nil || body != "id,amount,open,contact.name\r\np-1,,,\r\n" {
		t.Errorf("%v, %q", err, body)
	}
}
