package ops

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of every listener. Whoever sends headers or a body slowly, or reads an answer slowly, is cut off within
// ten seconds; handlers have their own, shorter deadlines for what they ask of others.
const (
	readTime  = 8 * time.Second // the TLS handshake; then for each request, headers and body together
	writeTime = 8 * time.Second // from the end of the headers to the end of the answer; of a stream, for each piece (see web.Reply)
	idleTime  = 2 * time.Minute // longer than mtls's clients keep an idle connection

	// sendBuffer is how much of an answer the kernel keeps for a client that has not taken it yet. It would let that grow
	// to megabytes, and take more only when a third of it is gone: who reads slowly would look like who does not read.
	sendBuffer = 128 << 10

	// maxHeader makes 16 KiB of headers: net/http reads 4 KiB more than it is told.
	maxHeader = 12 << 10

	// maxAge is after how long a TLS connection is closed behind an answer. A busy connection would otherwise never
	// show its certificate again, however long ago that ended or its authority was taken out of the trust bundle.
	maxAge = 5 * time.Minute
)

func limited(l Listener, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:        l.Handler,
		TLSConfig:      l.TLS,
		ReadTimeout:    readTime,
		WriteTimeout:   writeTime,
		IdleTimeout:    idleTime,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true, // else net/http answers "OPTIONS *" by itself, past every step of ours
	}
	if l.TLS != nil {
		closeAged(s, maxAge)
	}
	return s
}

// narrow is a listener whose connections have a small buffer.
type narrow struct{ net.Listener }

// Accept implements net.Listener.
func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // it fails when the client has gone, which is noticed soon enough
	}
	return conn, err
}

type openedKey struct{}

// closeAged has s close connections older than age, each behind an answer and announced in it, so that the client
// loses no request.
func closeAged(s *http.Server, age time.Duration) {
	s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, openedKey{}, time.Now())
	}
	handler := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if opened, ok := r.Context().Value(openedKey{}).(time.Time); !ok || time.Since(opened) > age {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}
