// The documents page: Swagger UI on the OpenAPI document of the service that the path names.
SwaggerUIBundle({ url: `${location.pathname.replace(/\/$/, "")}/openapi.json`, dom_id: "#swagger-ui", deepLinking: true });
