"""Untrusted finders: they propose witnesses and certificates, and the kernel alone decides."""
