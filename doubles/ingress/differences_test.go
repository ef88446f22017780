package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row returns the names in a row of the table of differences in ../README.md.
func row(t *testing.T, title string) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) == 2 && strings.HasPrefix(cells[0], "| "+title) {
			names := []string{}
			for _, match := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(cells[1], -1) {
				names = append(names, match[1])
			}
			return names
		}
	}
	t.Fatalf("../README.md has no row %q", title)
	return nil
}

func TestTheReadmeNamesTheArgumentsThatAreTakenAsFalseOnly(t *testing.T) {
	named, ours := row(t, "arguments"), slices.Sorted(slices.Values(onlyFalse))
	if !slices.Equal(named, ours) {
		t.Errorf("../README.md has %v, the double refuses %v", named, ours)
	}
	for _, name := range named {
		if _, err := Parse([]string{"-" + name + "=true"}, io.Discard); err == nil || !strings.Contains(err.Error(), "-"+name) {
			t.Errorf("-%s: %v", name, err)
		}
	}
}

func TestTheReadmeNamesKeysThatAreRefused(t *testing.T) {
	named := row(t, "keys of the ConfigMap")
	if len(named) < 10 {
		t.Errorf("only %v", named)
	}
	for _, key := range named {
		if _, err := ReadSettings(map[string]string{key: "1"}); err == nil || !strings.Contains(err.Error(), key+" isn't implemented") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
