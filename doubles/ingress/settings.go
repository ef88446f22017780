package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Settings are the ConfigMap's keys that the double carries out, as nginx writes their values.
type Settings struct {
	ServerTokens          bool
	WorkerProcesses       string
	WorkerConnections     string
	WorkerShutdownTimeout string
	ClientMaxBodySize     string
	ProxyConnectTimeout   string
	ProxyReadTimeout      string
	ProxySendTimeout      string
	Keepalive             string
	KeepaliveTimeout      string
	KeepaliveRequests     string
	AccessLogOff          bool
	SSLRedirect           bool
	ProxyProtocol         bool
	RealIPHeader          string
	RealIPRecursive       bool
	SetRealIPFrom         []string
	HTTPSnippets          []string
	ServerSnippets        []string
	LocationSnippets      []string
}

// DefaultSettings are F5's.
func DefaultSettings() Settings {
	return Settings{
		ServerTokens: true, WorkerProcesses: "auto", WorkerConnections: "1024", ClientMaxBodySize: "1m",
		ProxyConnectTimeout: "60s", ProxyReadTimeout: "60s", ProxySendTimeout: "60s", Keepalive: "0",
		KeepaliveTimeout: "75s", KeepaliveRequests: "1000", SSLRedirect: true,
	}
}

var (
	duration = regexp.MustCompile(`^[0-9]+(ms|s|m|h)?$`)
	size     = regexp.MustCompile(`^[0-9]+[kKmMgG]?$`)
	number   = regexp.MustCompile(`^([0-9]+|auto)$`)
	header   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// ReadSettings reads a ConfigMap. A key that the double doesn't know, or a value that F5's controller would log and
// ignore, is an error: it would silently do nothing.
func ReadSettings(data map[string]string) (Settings, error) {
	s := DefaultSettings()
	readers := map[string]func(string) error{
		"worker-processes":        text(&s.WorkerProcesses, number),
		"worker-connections":      text(&s.WorkerConnections, number),
		"worker-shutdown-timeout": text(&s.WorkerShutdownTimeout, duration),
		"client-max-body-size":    text(&s.ClientMaxBodySize, size),
		"proxy-connect-timeout":   text(&s.ProxyConnectTimeout, duration),
		"proxy-read-timeout":      text(&s.ProxyReadTimeout, duration),
		"proxy-send-timeout":      text(&s.ProxySendTimeout, duration),
		"keepalive":               text(&s.Keepalive, number),
		"keepalive-timeout":       text(&s.KeepaliveTimeout, duration),
		"keepalive-requests":      text(&s.KeepaliveRequests, number),
		"real-ip-header":          text(&s.RealIPHeader, header),
		"server-tokens":           boolean(&s.ServerTokens),
		"access-log-off":          boolean(&s.AccessLogOff),
		"ssl-redirect":            boolean(&s.SSLRedirect),
		"proxy-protocol":          boolean(&s.ProxyProtocol),
		"real-ip-recursive":       boolean(&s.RealIPRecursive),
		"set-real-ip-from":        ranges(&s.SetRealIPFrom),
		"http-snippets":           lines(&s.HTTPSnippets),
		"server-snippets":         lines(&s.ServerSnippets),
		"location-snippets":       lines(&s.LocationSnippets),
	}
	for key, value := range data {
		read, known := readers[key]
		if !known {
			names := []string{}
			for name := range readers {
				names = append(names, name)
			}
			sort.Strings(names)
			return s, fmt.Errorf("ConfigMap key %s isn't implemented by this double; it knows %s", key, strings.Join(names, ", "))
		}
		if err := read(strings.TrimSpace(value)); err != nil {
			return s, fmt.Errorf("ConfigMap key %s=%q: %w", key, value, err)
		}
	}
	return s, nil
}

func text(target *string, form *regexp.Regexp) func(string) error {
	return func(value string) error {
		if !form.MatchString(value) {
			return fmt.Errorf("expected %s", form)
		}
		*target = value
		return nil
	}
}

// boolean takes what F5's controller takes: on and off are not among it.
func boolean(target *bool) func(string) error {
	return func(value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("expected True or False")
		}
		*target = on
		return nil
	}
}

func ranges(target *[]string) func(string) error {
	return func(value string) error {
		for _, each := range strings.Split(value, ",") {
			each = strings.TrimSpace(each)
			_, badAddress := netip.ParseAddr(each)
			if _, badRange := netip.ParsePrefix(each); badAddress != nil && badRange != nil {
				return fmt.Errorf("%q is neither an address nor a range", each)
			}
			*target = append(*target, each)
		}
		return nil
	}
}

// lines are nginx's own words: nginx itself is their judge.
func lines(target *[]string) func(string) error {
	return func(value string) error {
		*target = strings.Split(value, "\n")
		return nil
	}
}
