SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  // Its validator would send the document's address to a server that is not ours.
  validatorUrl: null,
});
