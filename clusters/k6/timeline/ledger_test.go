package timeline

import (
	"slices"
	"testing"

	"meshproof.dev/k6/outcome"
)

var fine = outcome.Classified{Outcome: outcome.OK}

func starts(requests []Request) []int64 {
	all := []int64{}
	for _, request := range requests {
		all = append(all, request.StartNs)
	}
	return all
}

func TestLedgerReturnsRequestsInOrderOfStart(t *testing.T) {
	var ledger Ledger
	third, first, second := ledger.Begin(30, 30), ledger.Begin(10, 31), ledger.Begin(20, 32)
	ledger.End(third, 40, 200, fine)
	ledger.End(second, 41, 200, fine)
	if taken, complete := ledger.Take(100); len(taken) != 0 || complete != 10 {
		t.Fatalf("the oldest request is in flight, but %v were taken, complete to %d", starts(taken), complete)
	}
	ledger.End(first, 42, 200, fine)
	taken, complete := ledger.Take(30)
	if !slices.Equal(starts(taken), []int64{10, 20}) || complete != 30 {
		t.Fatalf("took %v, complete to %d", starts(taken), complete)
	}
	if taken, _ := ledger.Take(31); !slices.Equal(starts(taken), []int64{30}) {
		t.Fatalf("took %v", starts(taken))
	}
	if ledger.Held() != 0 || ledger.Begun() != 3 {
		t.Fatalf("%d held, %d begun", ledger.Held(), ledger.Begun())
	}
}

func TestLedgerTakesARequestThatBeganLate(t *testing.T) {
	var ledger Ledger
	ledger.End(ledger.Begin(50, 50), 51, 200, fine)
	ledger.Take(100)
	ledger.End(ledger.Begin(20, 101), 102, 200, fine)
	if taken, _ := ledger.Take(200); !slices.Equal(starts(taken), []int64{20}) {
		t.Fatalf("took %v", starts(taken))
	}
}

func TestLedgerKeepsTheFirstEnd(t *testing.T) {
	var ledger Ledger
	entry := ledger.Begin(1, 1)
	ledger.End(entry, 2, 200, fine)
	if again := ledger.End(entry, 9, 503, outcome.Classified{Outcome: outcome.AppError}); again.EndNs != 2 || again.Outcome != outcome.OK {
		t.Fatalf("got %+v", again)
	}
}

func TestLedgerHoldsOnlyRequestsInFlight(t *testing.T) {
	var ledger Ledger
	for at := range int64(100_000) {
		ledger.End(ledger.Begin(at, at), at+1, 200, fine)
		ledger.Take(at)
	}
	if ledger.Held() > 1 || cap(ledger.queue) > 64 {
		t.Fatalf("%d held in room for %d", ledger.Held(), cap(ledger.queue))
	}
}
