package principal

// Once is how a request says that it may be sent again, when its answer got lost, but must not be done again
// (draft-ietf-httpapi-idempotency-key-header). It comes from the client and proves nothing; what it names is always the
// caller's own.
type Once struct {
	Route  string   // the operation; one key may be used for each
	Key    string   // the Idempotency-Key, without its quotes
	Digest [32]byte // SHA-256 of what must be the same when it is sent again: path, query, condition and body
}

// Sending is p for one request that carries an Idempotency-Key. Package serve makes it for every POST; the door, which
// is asked in p's name, then does the request once.
func (p Principal) Sending(o Once) Principal {
	p.once = &o
	return p
}

// Once is what the request says, if it carries an Idempotency-Key.
func (p Principal) Once() (o Once, ok bool) {
	if p.once == nil {
		return Once{}, false
	}
	return *p.once, true
}
