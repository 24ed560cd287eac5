package outcome

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"reflect"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// recorded are the cases that harness/traffic/classify.test.ts also reads.
type recorded struct {
	Answers []struct {
		Name    string
		Status  int
		Headers map[string]string
		Body    string
		Outcome Outcome
		Origin  *Origin
		Detail  string
	}
	Errors []struct {
		Name    string
		Outcome Outcome
		Go      *goError
	}
	K6 []struct {
		Code    int
		Outcome Outcome
	}
}

type goError struct {
	Kind    string
	Errno   string
	Wrapped bool
}

func readRecorded(t *testing.T) recorded {
	t.Helper()
	text, err := os.ReadFile("../../../harness/traffic/classify.cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases recorded
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Answers) == 0 || len(cases.Errors) == 0 || len(cases.K6) == 0 {
		t.Fatal("the file of cases is empty")
	}
	return cases
}

func TestOfAnswer(t *testing.T) {
	for _, one := range readRecorded(t).Answers {
		t.Run(one.Name, func(t *testing.T) {
			body := make([]byte, 0, len(one.Body))
			for _, char := range one.Body { // the cases are Latin-1, a byte a character
				body = append(body, byte(char))
			}
			got := OfAnswer(Answer{Status: one.Status, Body: body, Header: func(name string) (string, bool) {
				value, is := one.Headers[name]
				return value, is
			}})
			want := Classified{Outcome: one.Outcome, Origin: one.Origin, Detail: one.Detail}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestOfError(t *testing.T) {
	for _, one := range readRecorded(t).Errors {
		if one.Go == nil {
			continue // an error that only Node has
		}
		t.Run(one.Name, func(t *testing.T) {
			got := OfError(one.Go.made(t))
			if got.Outcome != one.Outcome || got.Origin != nil || got.Detail == "" {
				t.Errorf("got %+v, want %s", got, one.Outcome)
			}
		})
	}
}

func TestOfK6(t *testing.T) {
	for _, one := range readRecorded(t).K6 {
		if got := OfK6(one.Code, "why"); got.Outcome != one.Outcome || got.Detail != "why" {
			t.Errorf("%d: got %+v, want %s", one.Code, got, one.Outcome)
		}
	}
}

type late struct{}

func (late) Error() string   { return "i/o timeout" }
func (late) Timeout() bool   { return true }
func (late) Temporary() bool { return true }

// made builds an error as Go's HTTP client returns it.
func (g *goError) made(t *testing.T) error {
	t.Helper()
	operation := func(op string) error {
		return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, errnoOf(t, g.Errno))}
	}
	var err error
	switch g.Kind {
	case "dial", "read", "write":
		err = operation(g.Kind)
	case "dialTimeout":
		err = &net.OpError{Op: "dial", Net: "tcp", Err: late{}}
	case "dns":
		err = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere"}}
	case "eof":
		err = io.EOF
	case "unexpectedEOF":
		err = io.ErrUnexpectedEOF
	case "lostAnswer":
		err = ErrLostAnswer
	case "deadline":
		err = context.DeadlineExceeded
	case "ourDeadline":
		err = late{}
	case "canceled":
		err = context.Canceled
	case "tlsAlert":
		err = &net.OpError{Op: "remote error", Err: tls.AlertError(116)}
	case "unknownAuthority":
		err = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	case "notTLS":
		err = errors.New("http: server gave HTTP response to HTTPS client")
	case "unknown":
		err = errors.New("something new")
	default:
		t.Fatalf("unknown kind of error %q", g.Kind)
	}
	if g.Wrapped {
		err = fmt.Errorf("outer: %w", &url.Error{Op: "Get", URL: "http://x", Err: err})
	}
	return err
}

func errnoOf(t *testing.T, name string) syscall.Errno {
	t.Helper()
	for number := syscall.Errno(1); number < 200; number++ {
		if unix.ErrnoName(number) == name {
			return number
		}
	}
	t.Fatalf("unknown errno %q", name)
	return 0
}
