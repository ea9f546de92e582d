"""How weak a CAPTCHA is, to which attack, and which change helps: one page to hand on."""

from segcap.benchmark.audit.findings import AuditResult, AuditTerms
from segcap.benchmark.audit.run import audit

__all__ = ["AuditResult", "AuditTerms", "audit"]
