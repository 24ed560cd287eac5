package timeline

import (
	"encoding/json"
	"math"

	"meshproof.dev/k6/outcome"
)

// Version is the version of the stream's format. harness/traffic/k6-stream.ts reads the stream.
const Version = 1

// The lines of a stream, each a JSON object with its `type`. Times are milliseconds on the timeline's clock.
type (
	headerLine struct {
		Type      string `json:"type"`
		Version   int    `json:"version"`
		SlotMs    int64  `json:"slotMs"`
		StartedAt string `json:"startedAt"`
	}
	// originLine comes before the first line that refers to it.
	originLine struct {
		Type string `json:"type"`
		ID   int    `json:"id"`
		outcome.Origin
	}
	// requestLine is one request.
	requestLine struct {
		Type    string          `json:"type"`
		StartMs ms              `json:"startMs"`
		EndMs   ms              `json:"endMs"`
		Outcome outcome.Outcome `json:"outcome"`
		Status  int             `json:"status,omitempty"`
		Origin  *int            `json:"origin,omitempty"`
		Detail  string          `json:"detail,omitempty"`
	}
	// slotLine counts the requests that were due in a slot. If a slot has several lines, their counts add up.
	slotLine struct {
		Type   string    `json:"type"`
		Slot   int64     `json:"slot"`
		Counts []countOf `json:"counts"`
		quantiles
	}
	countOf struct {
		Origin  int             `json:"origin"`
		Outcome outcome.Outcome `json:"outcome"`
		N       int             `json:"n"`
	}
	quantiles struct {
		P50Ms float64 `json:"p50Ms"`
		P99Ms float64 `json:"p99Ms"`
		MaxMs float64 `json:"maxMs"`
	}
	// tailLine holds the last good requests without a requestLine. It replaces the tailLine before.
	tailLine struct {
		Type     string        `json:"type"`
		Requests []requestLine `json:"requests"`
	}
	progressLine struct {
		Type         string `json:"type"`
		CompleteToMs ms     `json:"completeToMs"`
		Begun        int64  `json:"begun"`
		UnderWay     int    `json:"underWay"`
	}
	sentLine struct {
		Type  string `json:"type"`
		Begun int64  `json:"begun"`
		// LastDueMs is when the last request was due.
		LastDueMs ms `json:"lastDueMs"`
	}
	endLine struct {
		Type string `json:"type"`
		// Requests counts the requests that ended: Told of them have a requestLine, and Elided are only in the slots.
		Requests int64 `json:"requests"`
		Told     int64 `json:"told"`
		Elided   int64 `json:"elided"`
		// Dropped requests were due but never sent. Unfinished requests were sent but never ended.
		Dropped    int64 `json:"dropped"`
		Unfinished int   `json:"unfinished"`
		// LateMs is the most that a request was sent after it was due.
		LateMs ms `json:"lateMs"`
		quantiles
	}
)

// ms is a time in nanoseconds, written in milliseconds and rounded to microseconds.
type ms int64

// MarshalJSON implements json.Marshaler.
func (t ms) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(float64(t)/1e3) / 1e3)
}
