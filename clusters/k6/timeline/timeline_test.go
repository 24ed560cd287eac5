package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"meshproof.dev/k6/outcome"
)

const milli = int64(time.Millisecond)

type line struct {
	Type     string
	ID       int
	Cluster  string
	StartMs  float64
	EndMs    float64
	Outcome  string
	Status   int
	Origin   *int
	Slot     int64
	Counts   []countOf
	P50Ms    float64
	MaxMs    float64
	Requests json.RawMessage
	Told     int64
	Elided   int64
	Dropped  int64
	LateMs   float64
}

// played writes a timeline of requests that each last a millisecond, and returns its lines by type.
func played(t *testing.T, all bool, requests []Request) map[string][]line {
	t.Helper()
	var ledger Ledger
	var out bytes.Buffer
	timeline, err := New(&ledger, NewClock(), &out, all)
	if err != nil {
		t.Fatal(err)
	}
	for at, request := range requests {
		ledger.End(ledger.Begin(request.StartNs, request.SentNs), request.EndNs, request.Status, request.Classified)
		if at%7 == 0 {
			if err := timeline.Flush(request.EndNs); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := timeline.End(3); err != nil {
		t.Fatal(err)
	}
	return linesOf(t, &out)
}

func linesOf(t *testing.T, stream io.Reader) map[string][]line {
	t.Helper()
	found := map[string][]line{}
	for decoder := json.NewDecoder(stream); ; {
		var one line
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[one.Type] = append(found[one.Type], one)
	}
}

// every builds n requests, one each 10 ms, with an outcome and a cluster for each; an empty cluster means that the origin is absent.
func every(n int, what func(i int) (outcome.Outcome, string)) []Request {
	requests := make([]Request, n)
	for i := range requests {
		startNs := int64(i) * 10 * milli
		requests[i] = Request{StartNs: startNs, SentNs: startNs + milli/2, EndNs: startNs + milli, Status: 200}
		word, cluster := what(i)
		requests[i].Outcome = word
		if cluster != "" {
			requests[i].Origin = &outcome.Origin{Service: "catalog", Cluster: cluster}
		}
	}
	return requests
}

func written(lines map[string][]line) []int {
	var all []int
	for _, one := range lines["request"] {
		all = append(all, int(one.StartMs/10+0.5))
	}
	return all
}

func span(from, to int) []int {
	var all []int
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

func TestSlotsCountAllRequests(t *testing.T) {
	lines := played(t, false, every(1003, func(i int) (outcome.Outcome, string) {
		if i%10 == 3 {
			return outcome.UpstreamReset, ""
		}
		return outcome.OK, "west"
	}))
	sum := map[outcome.Outcome]int{}
	for at, slot := range lines["slot"] {
		if slot.Slot != int64(at) {
			t.Fatalf("slot %d is at %d", slot.Slot, at)
		}
		for _, count := range slot.Counts {
			sum[count.Outcome] += count.N
			if (count.Origin == -1) != (count.Outcome == outcome.UpstreamReset) {
				t.Fatalf("%s has the origin %d", count.Outcome, count.Origin)
			}
		}
		if slot.P50Ms < 0.99 || slot.MaxMs > 1.01 {
			t.Fatalf("latencies of slot %d: %v, %v", at, slot.P50Ms, slot.MaxMs)
		}
	}
	if sum[outcome.OK] != 903 || sum[outcome.UpstreamReset] != 100 {
		t.Fatalf("counted %v", sum)
	}
	end := lines["end"][0]
	if string(end.Requests) != "1003" || end.Dropped != 3 || end.LateMs != 0.5 || end.Told+end.Elided != 1003 {
		t.Fatalf("end: %+v", end)
	}
}

func TestGoodRequestsAreWrittenAroundFailures(t *testing.T) {
	lines := played(t, false, every(400, func(i int) (outcome.Outcome, string) {
		if i == 100 || i == 101 || i == 110 {
			return outcome.ConnectFailure, ""
		}
		return outcome.OK, "west"
	}))
	want := slices.Concat(span(0, 20), span(80, 131), span(380, 400))
	if got := written(lines); !slices.Equal(got, want) {
		t.Fatalf("wrote %v, want %v", got, want)
	}
}

func TestGoodRequestsAreWrittenAroundAChangeOfCluster(t *testing.T) {
	lines := played(t, false, every(400, func(i int) (outcome.Outcome, string) {
		if i < 200 {
			return outcome.OK, "west"
		}
		return outcome.OK, "east"
	}))
	want := slices.Concat(span(0, 20), span(180, 220), span(380, 400))
	if got := written(lines); !slices.Equal(got, want) {
		t.Fatalf("wrote %v, want %v", got, want)
	}
	if origins := lines["origin"]; len(origins) != 2 || origins[0].Cluster != "west" || origins[1].ID != 1 {
		t.Fatalf("origins: %+v", origins)
	}
}

func TestGoodRequestsAreWrittenAfterTheLastOfSeveralChanges(t *testing.T) {
	lines := played(t, false, every(400, func(i int) (outcome.Outcome, string) {
		if i < 200 || i >= 210 && i < 215 {
			return outcome.OK, "west"
		}
		return outcome.OK, "east"
	}))
	want := slices.Concat(span(0, 20), span(180, 235), span(380, 400))
	if got := written(lines); !slices.Equal(got, want) {
		t.Fatalf("wrote %v, want %v", got, want)
	}
}

func TestChangesDoNotUseUpTheAllowanceOfFailures(t *testing.T) {
	lines := played(t, false, every(30_000, func(i int) (outcome.Outcome, string) {
		if i == 25_000 {
			return outcome.ConnectFailure, ""
		}
		return outcome.OK, []string{"west", "east"}[i%2]
	}))
	got := written(lines)
	if len(got) > mostAroundChanges+4*Around+1 {
		t.Fatalf("wrote %d requests", len(got))
	}
	if at := slices.Index(got, 24_980); at < 0 || !slices.Equal(got[at:at+41], span(24_980, 25_021)) {
		t.Fatal("good requests around the failure are missing")
	}
}

func TestAllRequestsAreWritten(t *testing.T) {
	lines := played(t, true, every(300, func(int) (outcome.Outcome, string) { return outcome.OK, "west" }))
	if got := written(lines); !slices.Equal(got, span(0, 300)) || lines["end"][0].Elided != 0 {
		t.Fatalf("wrote %d requests", len(got))
	}
}

func TestTheTailHasTheLastRequestsThatWereNotWritten(t *testing.T) {
	lines := played(t, false, every(100, func(int) (outcome.Outcome, string) { return outcome.OK, "west" }))
	var last []line
	tails := lines["tail"]
	if err := json.Unmarshal(tails[len(tails)-1].Requests, &last); err != nil || len(last) != Around {
		t.Fatalf("the last tail has %d: %v", len(last), err)
	}
}

func TestASlotIsWrittenWithoutARequestInFlight(t *testing.T) {
	var ledger Ledger
	var out bytes.Buffer
	timeline, err := New(&ledger, NewClock(), &out, false)
	if err != nil {
		t.Fatal(err)
	}
	hung := ledger.Begin(10*milli, 10*milli)
	ledger.End(ledger.Begin(20*milli, 20*milli), 21*milli, 200, fine)
	flush := func(nowNs int64) map[string][]line {
		if err := timeline.Flush(nowNs); err != nil {
			t.Fatal(err)
		}
		defer out.Reset()
		return linesOf(t, &out)
	}
	if lines := flush(900 * milli); len(lines["slot"]) != 0 {
		t.Fatal("a slot was written while one of its requests was in flight")
	}
	ledger.End(hung, 950*milli, 0, outcome.Classified{Outcome: outcome.ClientTimeout})
	if lines := flush(960 * milli); len(lines["slot"]) != 1 || len(lines["slot"][0].Counts) != 2 {
		t.Fatalf("slots: %+v", lines["slot"])
	}
}

func TestClockSinceAgreesWithTheKernel(t *testing.T) {
	zero := NewClock()
	since, err := ClockSince(0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ClockSince(since.Now() - zero.Now())
	if err != nil {
		t.Fatal(err)
	}
	if apart := again.Now() - zero.Now(); apart < -milli || apart > milli {
		t.Fatalf("the clocks are %d ns apart", apart)
	}
}
