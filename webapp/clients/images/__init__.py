"""Making pictures of prompts: by Replicate, by a server of the operator's, or by drawing them."""
