package claim

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxWord   = 64  // characters; what is longer is found by nobody
	maxSought = 8   // words of one search
	maxWords  = 500 // different ones of a description: each is a row, and all writers wait while they are saved
)

// Words are the different words of a description, as they are searched for: runs of
// letters and digits in lower case, in order.
func Words(text string) []string {
	return slices.DeleteFunc(split(text), tooLong)
}

// ParseSearch accepts a text of 1 to 8 words, which are to be all in a description.
func ParseSearch(text string) ([]string, error) {
	words := split(text)
	if len(words) == 0 || len(words) > maxSought || slices.ContainsFunc(words, tooLong) {
		return nil, errors.New("a text to search for is 1 to 8 words of at most 64 characters")
	}
	return words, nil
}

func tooLong(word string) bool { return utf8.RuneCountInString(word) > maxWord }

func split(text string) []string {
	words := map[string]bool{}
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}) {
		words[word] = true
	}
	return slices.Sorted(maps.Keys(words))
}
