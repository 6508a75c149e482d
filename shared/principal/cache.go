package principal

import "sync"

// generation bounds each of the cache's two generations.
const generation = 1024

// cache remembers what was proved, by the raw token, in two generations: when the
// young one is full it becomes the old one, and the old one is dropped whole. So
// memory is bounded, nothing is swept, and what is in use survives. The zero value
// is ready.
type cache struct {
	mu         sync.Mutex
	young, old map[string]*proof
}

func (c *cache) get(token string) (*proof, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.young[token]; ok {
		return p, true
	}
	p, ok := c.old[token]
	if ok {
		c.insert(token, p)
	}
	return p, ok
}

func (c *cache) put(token string, p *proof) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.insert(token, p)
}

func (c *cache) insert(token string, p *proof) {
	if c.young == nil || len(c.young) >= generation {
		c.young, c.old = make(map[string]*proof, generation), c.young
	}
	c.young[token] = p
}
