-- Keeps the ownership.
return {'ok', tonumber(held[3] or '0')}
