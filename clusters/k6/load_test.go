package k6

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"meshproof.dev/k6/outcome"
)

// builtVariable is the path of the k6 to test. Without it these tests are skipped: scripts/e2e/load.e2e.ts sets it.
const builtVariable = "MESHPROOF_K6"

// scripted answers its nth request with the nth of five answers, in a cycle.
func scripted(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		who := func(cluster string) {
			for key, value := range map[string]string{"service": "catalog", "cluster": cluster, "flags": "-"} {
				w.Header().Set("x-meshproof-"+key, value)
			}
		}
		switch (asked.Add(1) - 1) % 5 {
		case 0, 1:
			who("west")
		case 2:
			who("east")
		case 3:
			http.Error(w, "no healthy upstream", http.StatusServiceUnavailable)
		case 4:
			panic(http.ErrAbortHandler) // closes the connection
		}
	})
	return server.URL, asked
}

// run runs the built k6 with a script and returns its timeline.
func run(t *testing.T, script string, environment ...string) map[string][]line {
	t.Helper()
	binary, given := os.LookupEnv(builtVariable)
	if !given {
		t.Skipf("%s is not set", builtVariable)
	}
	stream := filepath.Join(t.TempDir(), "timeline.ndjson")
	command := exec.Command(binary, "run", "--quiet", "--summary-mode", "disabled", "--address", "",
		"--out", "meshproof="+stream, script)
	command.Env = append(os.Environ(), append(environment, "K6_AUTO_EXTENSION_RESOLUTION=false", "K6_NO_USAGE_REPORT=true")...)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
	file, err := os.Open(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	return linesOf(t, file)
}

// line has the fields of a line of the stream that these tests read.
type line struct {
	Type    string
	ID      int
	Cluster string
	Outcome outcome.Outcome
	Counts  []struct {
		Origin  int
		Outcome outcome.Outcome
		N       int
	}
	Requests json.RawMessage
	Elided   int64
	Dropped  int64
}

func linesOf(t *testing.T, file *os.File) map[string][]line {
	t.Helper()
	found := map[string][]line{}
	for decoder := json.NewDecoder(file); decoder.More(); {
		var one line
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		found[one.Type] = append(found[one.Type], one)
	}
	return found
}

func sums(lines map[string][]line) map[string]int {
	clusters := map[int]string{-1: "-"}
	for _, origin := range lines["origin"] {
		clusters[origin.ID] = origin.Cluster
	}
	all := map[string]int{}
	for _, slot := range lines["slot"] {
		for _, count := range slot.Counts {
			all[string(count.Outcome)+" "+clusters[count.Origin]] += count.N
		}
	}
	return all
}

func TestTheLoadCountsExactlyWhatWasAnswered(t *testing.T) {
	for _, connections := range []string{"keep-alive", "fresh"} {
		t.Run(connections, func(t *testing.T) {
			address, asked := scripted(t)
			lines := run(t, "load.js", fmt.Sprintf(`MESHPROOF_LOAD={"urls":[%q],"headers":{},"ratePerSecond":100,
				"durationMs":3000,"spareMs":500,"vus":100,"timeoutMs":2000,"connectMs":1000,"connections":%q}`, address, connections))
			want := map[string]int{"ok west": 120, "ok east": 60, "noHealthyUpstream -": 60, "upstreamReset -": 60}
			if got := sums(lines); !maps.Equal(got, want) || asked.Load() != 300 {
				t.Fatalf("counted %v of %d, want %v", got, asked.Load(), want)
			}
			end := lines["end"][0]
			failed := 0
			for _, request := range lines["request"] {
				if request.Outcome != outcome.OK {
					failed++
				}
			}
			if string(end.Requests) != "300" || end.Dropped != 0 || failed != 120 {
				t.Fatalf("%d failed by themselves; the end: %+v", failed, end)
			}
		})
	}
}

func TestRequestsOfK6HTTPAreWatched(t *testing.T) {
	address, asked := scripted(t)
	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	script := filepath.Join(t.TempDir(), "watch.js")
	// With fresh connections: on a kept connection that closes, k6/http retries the request.
	text := fmt.Sprintf(`
		import http from 'k6/http';
		import { begin } from 'k6/x/meshproof';
		export const options = { iterations: 20, vus: 1, noConnectionReuse: true, thresholds: {
			'meshproof_requests{outcome:ok,cluster:west}': ['count==8'],
			'meshproof_requests{outcome:noHealthyUpstream}': ['count==4'],
		} };
		export default function () {
			const shot = begin();
			const told = shot.end(http.get(%q));
			if (told.outcome === 'ok' && told.origin.service !== 'catalog') throw new Error(JSON.stringify(told));
			if (__ITER === 0) begin().end(http.get(%q));
		}`, address, refused.URL)
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := run(t, script)
	want := map[string]int{"ok west": 8, "ok east": 4, "noHealthyUpstream -": 4, "upstreamReset -": 4, "connectFailure -": 1}
	if got := sums(lines); !maps.Equal(got, want) {
		t.Fatalf("counted %v of %d, want %v", got, asked.Load(), want)
	}
}
