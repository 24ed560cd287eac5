//go:build pins

package k6

// xk6 puts this extension beside k6's command. Its being imported here, in a file that is never compiled, has go.mod and
// go.sum pin all modules of that binary.
import _ "go.k6.io/k6/v2/cmd"
