-- Keeps the ownership.
return {'ok'}
