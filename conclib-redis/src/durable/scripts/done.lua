-- Removes messages that were handled, and keeps their answers. ARGV: first part of the keys of
-- answers, lifetime of answers; then for each message its id, its sender, its number and its answer.
for i = 6, #ARGV, 4 do
  redis.call('XDEL', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[3], ARGV[i])
  if #ARGV[i + 3] > 0 then
    local answers = ARGV[4] .. ARGV[i + 1]
    redis.call('HSET', answers, ARGV[i + 2], ARGV[i + 3])
    redis.call('PEXPIRE', answers, ARGV[5])
  end
end
return {'ok', redis.call('HINCRBY', KEYS[2], 'commits', (#ARGV - 5) / 4)}
