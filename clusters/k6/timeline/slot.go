package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"meshproof.dev/k6/outcome"
)

// SlotNs is the width of a slot.
const SlotNs = int64(50 * time.Millisecond)

// Latencies are recorded in microseconds, with three significant digits.
const (
	shortestUs = 1
	longestUs  = int64(5 * time.Minute / time.Microsecond)
	digits     = 3
)

func newLatencies() *hdrhistogram.Histogram { return hdrhistogram.New(shortestUs, longestUs, digits) }

// tally counts the requests of one slot.
type tally struct {
	counts    map[tallyKey]int
	latencies *hdrhistogram.Histogram
}

type tallyKey struct {
	origin  int // -1: no workload of meshproof answered
	outcome outcome.Outcome
}

func newTally() *tally {
	return &tally{counts: map[tallyKey]int{}, latencies: newLatencies()}
}

func (t *tally) add(key tallyKey, latencyNs int64) {
	t.counts[key]++
	record(t.latencies, latencyNs)
}

func (t *tally) reset() {
	clear(t.counts)
	t.latencies.Reset()
}

// line returns the line of a slot, and false for an empty slot.
func (t *tally) line(slot int64) (slotLine, bool) {
	if len(t.counts) == 0 {
		return slotLine{}, false
	}
	line := slotLine{Type: "slot", Slot: slot, Counts: make([]countOf, 0, len(t.counts)), quantiles: quantilesOf(t.latencies)}
	for key, n := range t.counts {
		line.Counts = append(line.Counts, countOf{Origin: key.origin, Outcome: key.outcome, N: n})
	}
	slices.SortFunc(line.Counts, func(a, b countOf) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Outcome, b.Outcome))
	})
	return line, true
}

// record never fails: a latency outside the histogram's range counts as the nearest end of the range.
func record(latencies *hdrhistogram.Histogram, latencyNs int64) {
	us := min(max(latencyNs/int64(time.Microsecond), shortestUs), longestUs)
	_ = latencies.RecordValue(us)
}

func quantilesOf(latencies *hdrhistogram.Histogram) quantiles {
	at := func(percent float64) float64 { return float64(latencies.ValueAtQuantile(percent)) / 1000 }
	return quantiles{P50Ms: at(50), P99Ms: at(99), MaxMs: float64(latencies.Max()) / 1000}
}
