package dist

import (
	"testing"
	"time"
)

// TestLastResort has a process that ends by itself, and one that does not.
func TestLastResort(t *testing.T) {
	for _, ends := range []bool{true, false} {
		killed := ""
		l := lastResort{after: time.Hour, ended: make(chan struct{}), kill: func(reason string) { killed = reason }}
		want := ""
		if ends {
			close(l.ended)
		} else {
			l.after, want = time.Millisecond, "rank 1 is gone"
		}
		l.wait("rank 1 is gone")
		if killed != want {
			t.Errorf("ends by itself %v: want killed for %q, got %q", ends, want, killed)
		}
	}
}

func TestIsConnection(t *testing.T) {
	for message, want := range map[string]bool{
		"[../third_party/gloo/gloo/transport/tcp/pair.cc:544] Connection closed by peer": true,
		"NCCL communicator was aborted on rank 0.":                                       true,
		"the connection to rank 1 is gone":                                               true,
		"matmul of [2 3] and [2 3]: sizes differ":                                        false,
	} {
		if got := isConnection(message); got != want {
			t.Errorf("%q: want %v, got %v", message, want, got)
		}
	}
}
