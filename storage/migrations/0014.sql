-- PostgreSQL's alone, which took more addresses and names for alike than are alike here: this file says
-- only that they have been told apart since.
SELECT 1;
