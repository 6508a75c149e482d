package order

// Conflict is why a command does not fit the state that an order is in: the answer is 409. It is written for the
// client.
type Conflict string

// Error is the reason.
func (c Conflict) Error() string { return string(c) }

// Unfit is why data cannot be accepted although it is well-formed: the answer is 422. It is written for the client.
type Unfit string

// Error is the reason.
func (u Unfit) Error() string { return string(u) }
