-- Removes all that is kept for a sender that sends no more. KEYS: seen, answers.
return redis.call('DEL', KEYS[1], KEYS[2])
