package timeline

import "meshproof.dev/k6/outcome"

// Around is the number of good requests that are written in full before and after every failure and every change of the
// answering cluster. harness/verdict needs five in a row by default.
const Around = 20

// The most good requests that are written in full: a mesh that balances between clusters, or flaps, must not make a recording
// grow without end. Changes have their own limit, so that they do not use up that of failures.
const (
	mostAroundFailures = 50_000
	mostAroundChanges  = 10_000
)

// allowance counts the good requests that may still be written for one reason, and how many of the next ones to write.
type allowance struct {
	left      int
	following int
}

// selection decides which requests are written in full. It gets all requests, in the order in which they were due.
type selection struct {
	all      bool
	recent   []Request // the last good requests that were not written, at most Around
	failures allowance // also for the beginning of the load
	changes  allowance
	cluster  string
	begun    bool
}

func newSelection(all bool) *selection {
	return &selection{all: all, failures: allowance{left: mostAroundFailures}, changes: allowance{left: mostAroundChanges}}
}

// add takes a request and returns the requests to write now, in order.
func (s *selection) add(request Request) []Request {
	if s.all {
		return []Request{request}
	}
	if request.Outcome != outcome.OK {
		return append(s.before(&s.failures), request)
	}
	var selected []Request
	cluster := clusterOf(request)
	switch {
	case !s.begun:
		s.failures.following = Around
	case cluster != s.cluster:
		selected = s.before(&s.changes)
	}
	s.begun, s.cluster = true, cluster
	if s.follows() {
		return append(selected, request)
	}
	s.keep(request)
	return selected
}

// before returns the good requests before a failure or a change, and selects as many after it.
func (s *selection) before(reason *allowance) []Request {
	reason.following = Around
	selected := s.recent[max(0, len(s.recent)-reason.left):]
	if len(selected) == 0 {
		return nil // the recent requests stay: the other reason may still select them
	}
	reason.left -= len(selected)
	s.recent = nil
	return selected
}

// follows reports whether a good request follows a failure or a change closely enough to be written, and charges it.
func (s *selection) follows() bool {
	charged := false
	for _, reason := range []*allowance{&s.failures, &s.changes} {
		if reason.following == 0 {
			continue
		}
		reason.following--
		if !charged && reason.left > 0 {
			reason.left--
			charged = true
		}
	}
	return charged
}

// keep holds a good request that was not written, as one of the last.
func (s *selection) keep(request Request) {
	if len(s.recent) == Around {
		copy(s.recent, s.recent[1:])
		s.recent = s.recent[:Around-1]
	}
	s.recent = append(s.recent, request)
}

func clusterOf(request Request) string {
	if request.Origin == nil {
		return ""
	}
	return request.Origin.Cluster
}
