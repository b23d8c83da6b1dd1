-- Returns the answers that a sender has not taken. KEYS: answers.
return redis.call('HVALS', KEYS[1])
