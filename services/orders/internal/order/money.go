package order

import (
	"errors"
	"regexp"
)

// Cents is an amount of money in hundredths of its currency.
type Cents int64

// Currency is an ISO 4217 code. An amount without its currency says nothing.
type Currency string

var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

// ParseCurrency accepts three upper-case letters.
func ParseCurrency(s string) (Currency, error) {
	if !currencyPattern.MatchString(s) {
		return "", errors.New("a currency is three upper-case letters (ISO 4217)")
	}
	return Currency(s), nil
}
