"""Reading and writing of requests and answers: parameters, bodies, codings, and negotiation."""
