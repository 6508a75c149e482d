package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
)

// takePorts chooses where everything will listen.
func (n *Native) takePorts() error {
	taken, err := listen(n.Port)
	if err != nil {
		return err
	}
	defer taken.Close()
	n.origin = "http://localhost:" + portOf(taken)
	n.inner = map[string]string{}
	for _, w := range Workloads[:len(Workloads)-1] {
		l, err := listen("")
		if err != nil {
			return err
		}
		defer l.Close()
		n.inner[w] = l.Addr().String()
	}
	return nil
}

// listen listens on the port, or on any free one that is not of those which outgoing
// connections are given: between here and the start of a process it must stay free.
func listen(port string) (net.Listener, error) {
	const from, to, tries = 20_000, 32_000, 100
	if port != "" {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			err = fmt.Errorf("port %s of this machine cannot be had (%w); end what uses it, or take another: make demo PORT=8099", port, err)
		}
		return l, err
	}
	for range tries {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", from+rand.IntN(to-from))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free", from, to)
}

func portOf(l net.Listener) string { return fmt.Sprint(l.Addr().(*net.TCPAddr).Port) }

func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Host
}

func hostPort(origin string) string {
	_, port, _ := strings.Cut(hostOf(origin), ":")
	return port
}
