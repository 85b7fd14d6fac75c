"""The page. The only part of the program that knows Gradio."""
