package timeline

import "meshproof.dev/k6/outcome"

// Around is how many good requests are kept by themselves before and after every failure and every change of the answering
// cluster. harness/verdict asks for five in a row by default.
const Around = 20

// Good requests that are kept by themselves at most, so that a mesh that balances between clusters, or flaps, does not make a
// recording grow without end. Two purses: changes must not use up what failures need.
const (
	mostAroundFailures = 50_000
	mostAroundChanges  = 10_000
)

// purse is how many good requests may still be told on account of something, and how many after it are to be told.
type purse struct {
	left      int
	following int
}

// selection decides which requests are told one by one. It is shown all of them, in the order in which they were due.
type selection struct {
	all      bool
	recent   []Request // the last good ones that were not told, at most Around
	failures purse     // the beginning of the load is on its account, too
	changes  purse
	cluster  string
	begun    bool
}

func newSelection(all bool) *selection {
	return &selection{all: all, failures: purse{left: mostAroundFailures}, changes: purse{left: mostAroundChanges}}
}

// add takes a request and returns those that are to be told now, in order.
func (s *selection) add(request Request) []Request {
	if s.all {
		return []Request{request}
	}
	if request.Outcome != outcome.OK {
		return append(s.before(&s.failures), request)
	}
	var told []Request
	cluster := clusterOf(request)
	switch {
	case !s.begun:
		s.failures.following = Around
	case cluster != s.cluster:
		told = s.before(&s.changes)
	}
	s.begun, s.cluster = true, cluster
	if s.paid() {
		return append(told, request)
	}
	s.keep(request)
	return told
}

// before empties the good ones before a failure or a change, and has as many told after it.
func (s *selection) before(on *purse) []Request {
	on.following = Around
	told := s.recent[max(0, len(s.recent)-on.left):]
	if len(told) == 0 {
		return nil // what is kept may still be wanted on the other account
	}
	on.left -= len(told)
	s.recent = nil
	return told
}

// paid tells whether a good request follows something on whose account it can be told.
func (s *selection) paid() bool {
	paid := false
	for _, on := range []*purse{&s.failures, &s.changes} {
		if on.following == 0 {
			continue
		}
		on.following--
		if !paid && on.left > 0 {
			on.left--
			paid = true
		}
	}
	return paid
}

// keep holds a good request that was not told, as one of the last.
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
