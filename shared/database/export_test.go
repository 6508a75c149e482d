package database

// Waiting is how many jobs wait for the writer.
func (d *DB) Waiting() int { return len(d.jobs) }

// Prepared is how many statements the idle readers keep.
func (d *DB) Prepared() int {
	n := 0
	for range cap(d.readers) {
		c := <-d.readers
		if c != nil {
			n += len(c.stmts)
		}
		d.readers <- c
	}
	return n
}
