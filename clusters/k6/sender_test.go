package k6

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib"
	"gopkg.in/guregu/null.v3"
	"meshproof.dev/k6/outcome"
	"meshproof.dev/k6/timeline"
)

// sent sends n requests to an address, one after another, and returns their results.
func sent(t *testing.T, address string, n int, options ...func(*loadOptions, *lib.State)) []timeline.Request {
	t.Helper()
	state := &lib.State{Dialer: &net.Dialer{}}
	given := loadOptions{URLs: []string{address}, RatePerSecond: 1, TimeoutMs: 500, ConnectMs: 300}
	for _, option := range options {
		option(&given, state)
	}
	s, err := newSender(newSession(), given, state)
	if err != nil {
		t.Fatal(err)
	}
	s.session.watched = true
	var requests []timeline.Request
	for i := range n {
		s.send(uint64(i), time.Now(), func(request timeline.Request) { requests = append(requests, request) })
		s.underWay.Wait()
	}
	s.drain()
	return requests
}

func fresh(_ *loadOptions, state *lib.State) { state.Options.NoConnectionReuse = null.BoolFrom(true) }

func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server
}

func one(t *testing.T, requests []timeline.Request, want outcome.Outcome, says string) timeline.Request {
	t.Helper()
	if len(requests) != 1 || requests[0].Outcome != want || !strings.Contains(requests[0].Detail, says) {
		t.Fatalf("got %+v, want %s with %q in its detail", requests, want, says)
	}
	return requests[0]
}

func TestAnAnswerHasItsOrigin(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-meshproof-service", r.Host)
		w.Header().Set("x-meshproof-cluster", r.Header.Get("x-cluster"))
		w.Header().Set("x-meshproof-flags", "-")
		_, _ = fmt.Fprint(w, strings.Repeat("x", 10_000))
	})
	got := one(t, sent(t, server.URL, 1, func(options *loadOptions, _ *lib.State) {
		options.Headers = map[string]string{"Host": "catalog", "x-cluster": "east"}
	}), outcome.OK, "")
	if got.Origin == nil || got.Origin.Service != "catalog" || got.Origin.Cluster != "east" || got.Status != 200 {
		t.Fatalf("got %+v from %+v", got, got.Origin)
	}
}

func TestAnEmptyErrorOfAProxyIsNoRoute(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	one(t, sent(t, server.URL, 1), outcome.NoRoute, "503 with an empty body (first proxy)")
}

func TestURLsGetRequestsInTurn(t *testing.T) {
	var a, b atomic.Int64
	count := func(n *atomic.Int64) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) { n.Add(1) } }
	second := serve(t, count(&b)).URL
	sent(t, serve(t, count(&a)).URL, 6, func(options *loadOptions, _ *lib.State) {
		options.URLs = append(options.URLs, second)
	})
	if a.Load() != 3 || b.Load() != 3 {
		t.Fatalf("%d and %d", a.Load(), b.Load())
	}
}

func TestConnectionsAreKeptOrFresh(t *testing.T) {
	for _, kept := range []bool{true, false} {
		var opened atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		want := int64(1)
		if kept {
			sent(t, server.URL, 5)
		} else {
			want = 5
			sent(t, server.URL, 5, fresh)
		}
		if opened.Load() != want {
			t.Errorf("kept %v: %d connections, want %d", kept, opened.Load(), want)
		}
	}
}

func TestRefusedIsAConnectFailure(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	one(t, sent(t, server.URL, 1), outcome.ConnectFailure, "ECONNREFUSED")
}

func TestAConnectionNotAcceptedInTimeIsAConnectFailure(t *testing.T) {
	got := one(t, sent(t, "http://nowhere", 1, func(_ *loadOptions, state *lib.State) {
		state.Dialer = never{}
	}), outcome.ConnectFailure, "ETIMEDOUT")
	if got.EndNs-got.SentNs > int64(400*time.Millisecond) {
		t.Fatalf("took %d ns", got.EndNs-got.SentNs)
	}
}

// never simulates a network that drops all packets.
type never struct{}

func (never) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNoAnswerIsAClientTimeout(t *testing.T) {
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	got := one(t, sent(t, server.URL, 1), outcome.ClientTimeout, "before the deadline")
	if took := time.Duration(got.EndNs - got.SentNs); took < 490*time.Millisecond || took > 2*time.Second {
		t.Fatalf("took %s", took)
	}
}

// raw serves connections by hand; its handler gets the number of earlier connections.
func raw(t *testing.T, handle func(conn net.Conn, before int)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for before := 0; ; before++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(conn, before)
		}
	}()
	return "http://" + listener.Addr().String()
}

func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func readRequest(conn net.Conn) bool {
	_, err := conn.Read(make([]byte, 4096))
	return err == nil
}

const goodAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestAResetIsAnUpstreamReset(t *testing.T) {
	address := raw(t, func(conn net.Conn, _ int) { readRequest(conn); reset(conn) })
	one(t, sent(t, address, 1), outcome.UpstreamReset, "")
}

func TestABodyThatIsCutShortIsAnUpstreamReset(t *testing.T) {
	address := raw(t, func(conn net.Conn, _ int) {
		readRequest(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nshort")
		_ = conn.Close()
	})
	one(t, sent(t, address, 1), outcome.UpstreamReset, "unexpected EOF")
}

func TestARequestOnAKeptConnectionThatClosesIsNotRepeated(t *testing.T) {
	var asked atomic.Int64
	address := raw(t, func(conn net.Conn, _ int) {
		for served := 0; readRequest(conn); served++ {
			asked.Add(1)
			if served == 1 {
				reset(conn)
				return
			}
			_, _ = io.WriteString(conn, goodAnswer)
		}
	})
	got := sent(t, address, 2)
	if got[0].Outcome != outcome.OK || got[1].Outcome != outcome.UpstreamReset {
		t.Fatalf("got %+v", got)
	}
	if asked.Load() != 2 {
		t.Fatalf("the server was asked %d times", asked.Load())
	}
}

func TestPlaintextInsteadOfTLSIsATLSFailure(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	one(t, sent(t, strings.Replace(server.URL, "http:", "https:", 1), 1), outcome.TLSFailure, "")
}

func TestACertificateOfAnUnknownAuthorityIsATLSFailure(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	one(t, sent(t, server.URL, 1), outcome.TLSFailure, "")
}
