"""Schema objects of OpenAPI: conversion to JSON Schema, validation, and sample values."""
