//go:build race

package pixels

const raceEnabled = true
