package account

import (
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps that the person's clock may be off
)

// stepOf returns the TOTP step (RFC 6238) whose code it is, of those around now.
func stepOf(secret, code string, now time.Time) (step int64, ok bool) {
	if secret == "" {
		return 0, false
	}
	current := now.Unix() / totpPeriod
	options := hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	for step := current - totpSkew; step <= current+totpSkew; step++ {
		if matches, err := hotp.ValidateCustom(code, uint64(step), secret, options); err == nil && matches {
			return step, true
		}
	}
	return 0, false
}
