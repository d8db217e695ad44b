//! What a view returns and reads: templates, JSON, redirects, forms.
