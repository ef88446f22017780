package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestRulesThatCannotBeLoadedAreTriedAgainAndTheSameOnesAreNotLoadedTwice(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changed, rules := make(chan struct{}, 1), "one"
	var ready atomic.Bool
	var loads []string
	load := func(_ context.Context, text string) error {
		loads = append(loads, text)
		if len(loads) == 1 {
			return errors.New("nft: exit status 1")
		}
		return nil
	}
	asked := 0
	render := func() (string, error) {
		asked++
		if asked <= 2 && ready.Load() {
			t.Error("ready although nothing could be loaded")
		}
		switch asked {
		case 1, 2: // refused, then taken
		case 3: // a change that makes no other rules
			if !ready.Load() {
				t.Error("not ready although the rules are loaded")
			}
		case 4:
			rules = "two"
		default:
			cancel()
		}
		note(changed)
		return rules, nil
	}
	note(changed)
	if err := keep(ctx, changed, render, load, &ready); err != nil {
		t.Fatal(err)
	}
	if wanted := []string{"one", "one", "two"}; !slices.Equal(loads, wanted) {
		t.Errorf("expected the loads %v, got %v", wanted, loads)
	}
}
