package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Nginx is the running nginx and its configuration file.
type Nginx struct {
	file    string
	timeout time.Duration
	process *exec.Cmd
	ended   chan error
	loaded  string
}

// NewNginx prepares nginx; it starts with the first configuration that nginx itself accepts.
func NewNginx(file string, timeout time.Duration) *Nginx {
	return &Nginx{file: file, timeout: timeout, ended: make(chan error, 1)}
}

// Load checks a configuration by nginx and puts it to use: true when it was another one than before.
func (n *Nginx) Load(ctx context.Context, text string) (bool, error) {
	if text == n.loaded {
		return false, nil
	}
	draft := n.file + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o640); err != nil {
		return false, err
	}
	bounded, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	if output, err := exec.CommandContext(bounded, "nginx", "-t", "-q", "-c", draft).CombinedOutput(); err != nil {
		return false, fmt.Errorf("nginx refuses the configuration (the one before stays): %s", output)
	}
	if err := os.Rename(draft, n.file); err != nil {
		return false, err
	}
	if err := n.apply(); err != nil {
		return false, err
	}
	n.loaded = text
	return true, nil
}

func (n *Nginx) apply() error {
	if n.process != nil {
		return n.process.Process.Signal(syscall.SIGHUP)
	}
	// A container that was killed leaves its sockets behind: nginx would refuse to bind them.
	for _, socket := range []string{statusSocket, noPodsSocket} {
		if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	process := exec.Command("nginx", "-c", n.file)
	process.Stdout, process.Stderr = os.Stdout, os.Stderr
	if err := process.Start(); err != nil {
		return err
	}
	n.process = process
	go func() { n.ended <- process.Wait() }()
	return nil
}

// Running tells whether nginx was started.
func (n *Nginx) Running() bool { return n.process != nil }

// Ended tells when nginx ended.
func (n *Nginx) Ended() <-chan error { return n.ended }

// Quit lets nginx finish its requests.
func (n *Nginx) Quit() error {
	if n.process == nil {
		return nil
	}
	if err := n.process.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	return <-n.ended
}

// Status asks nginx for its counters.
func Status(ctx context.Context) (string, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", statusSocket)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://nginx/", nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}
